"""Hostile URLs for the SSRF tests, grouped by what they try."""

# What a name may turn out to stand for.
INSIDE = {
    "this machine": ("127.0.0.1", "127.8.9.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "::1", "::"),
    "private": ("10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.254", "192.168.0.1", "fc00::1", "fd12::1"),
    "carrier's": ("100.64.0.1", "100.127.255.254"),
    "link-local": ("169.254.0.1", "fe80::1", "fe80::1%eth0", "fec0::1"),
    "a cloud's metadata": (
        "169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254",
        "fd20:ce::254",
    ),
    "reserved": ("192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "240.0.0.1", "255.255.255.255", "100::1"),
    "documentation": ("2001:db8::1", "3fff::1"),
    "multicast": ("224.0.0.1", "239.255.255.250", "ff02::1", "ff0e::1"),
    "mapped": ("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1"),
    "compatible": ("::127.0.0.1", "::a00:1"),
    "NAT64": ("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "64:ff9b:1:fffe::a00:1"),
    "6to4": ("2002:7f00:1::", "2002:a9fe:a9fe::1", "192.88.99.1"),
    "Teredo": ("2001::1", "2001:0:7f00:1::80ff:fffe"),
}  # fmt: skip

# Ways to write such an address where a name belongs; each is a host.
WRITTEN = (
    "127.0.0.1", "127.1", "127.0.1", "0", "0.0.0.0", "2130706433", "017700000001", "0x7f000001", "0x7f.0.0.1",
    "0x7f.1", "0177.0.0.1", "0177.1", "0X7F.0.0.0x1", "127.0.0.01", "127.0.0.1.", "127.0.0.256", "10.1", "3232235521",
    "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "2852039166", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
    "[fd00:ec2::254]", "[fe80::1%25lo]", "localhost", "LOCALHOST", "localhost.", "127。0。0。1", "127．0．0．1",
    "１２７.０.０.１", "①②⑦.⓪.⓪.①", "ｌｏｃａｌｈｏｓｔ", "%6c%6f%63%61%6c%68%6f%73%74", "127%2e0%2e0%2e1",
)  # fmt: skip

# Hosts that look like one of the list; whatever they stand for is public.
LOOKALIKES = (
    "meitu.com", "evil-meitu.com", "evilmeitu.com", "xmtlab.meitu.comx", "meitu.com.evil.com",
    "obs.mtlab.meitu.com.evil.com", "obs.mtlab.meitu.com-evil.com", "obs-mtlab-meitu-com.evil.com",
    "obs.mtlab.meitu.co", "obs.mtlab.meitu.con", "obs.meitu.com.", "obs.mtlab.meitu.com.", "obs.meitu.com..",
    ".meitu.com", "..meitu.com", "obs..meitu.com", "obs.mtlab.meitu.com。evil.com", "obs.mtlab.meitu。com.evil.com",
    "evil.com／.meitu.com", "evil.com＃.meitu.com", "evil.com%2f.meitu.com", "evil.com%23.meitu.com",
    "evil.com%3f.meitu.com", "evil.com%5c.meitu.com", "evil.com%00.meitu.com", "evil.com\\.meitu.com",
    "evil.com;.meitu.com", "evil.com,.meitu.com", "evil.com&.meitu.com", "evil.com'.meitu.com", "evil_.meitu.com",
    "evil.com%20.meitu.com", "*.meitu.com", "obs.mеitu.com", "obs.meıtu.com", "obs.xn--mitu-v4d.com",
    "ｏｂｓ.ｍｅｉｔｕ.ｃｏｍ", "obs.meitu.com\u200b", "obs.me\u00aditu.com", "ailabtools.com",
    "ai-result-ailabtools.com", "ai-result.ailabtools.com.evil.com", "www.ailabtools.co", "www.ailabapi.com.evil.com",
    "meitudata.com.evil.com", "bucket.oss-cn-shanghai.aliyuncs.com", "bucket.obs.cn-north-4.myhuaweicloud.com",
    "elsewhere.example", "93.184.216.34", "[2606:2800:220:1:248:1893:25c8:1946]",
)  # fmt: skip

# No plain address of the web; refused at either door.
NO_ADDRESS = (
    "", "/etc/passwd", "//obs.mtlab.meitu.com/x", "file:///etc/passwd", "file://obs.mtlab.meitu.com/etc/passwd",
    "ftp://obs.mtlab.meitu.com/x", "gopher://obs.mtlab.meitu.com:70/_x", "dict://127.0.0.1:11211/stat",
    "ldap://127.0.0.1/", "ws://obs.mtlab.meitu.com/x", "data:image/png;base64,AAAA", "javascript:alert(1)",
    "jar:https://obs.mtlab.meitu.com!/x", "https:", "https://", "https:///x", "https:obs.mtlab.meitu.com/x",
    "https:/obs.mtlab.meitu.com/x", "https://?x", "https://#x", "https://obs.mtlab.meitu.com@evil.com/x",
    "https://obs.mtlab.meitu.com:443@evil.com/x", "https://obs.mtlab.meitu.com:@127.0.0.1/x",
    "https://evil.com@obs.mtlab.meitu.com/x", "https://user:pw@obs.mtlab.meitu.com/x",
    "https://a@b@obs.mtlab.meitu.com/x", "https://obs.mtlab.meitu.com:99999/x", "https://obs.mtlab.meitu.com:-1/x",
    "https://obs.mtlab.meitu.com:443:80/x", "https://obs.mtlab.meitu.com:port/x", "https://[::1/x",
    "https://[obs.mtlab.meitu.com]/x", "https://[v1.x]/x", "https://obs.mtlab.meitu.com\r\nhost: evil.com/x",
    "\x00https://obs.mtlab.meitu.com/x", "https://" + "a" * 70_000, "https://obs.mtlab.meitu.com\x00.evil.com/x",
)  # fmt: skip

# At an allowed host, and still no address for a result.
NOT_FOR_RESULTS = (
    "http://obs.mtlab.meitu.com/x", "HTTP://obs.mtlab.meitu.com/x", "http://obs.mtlab.meitu.com:443/x",
    "https://obs.mtlab.meitu.com:80/x", "https://obs.mtlab.meitu.com:22/x", "https://obs.mtlab.meitu.com:6379/x",
    "https://obs.mtlab.meitu.com:8443/x", "https://obs.mtlab.meitu.com:65535/x",
)  # fmt: skip

# Close to a base URL that is http://127.0.0.1:8700, as a developer has it.
NEIGHBOURS = (
    "http://127.0.0.1/x", "http://127.0.0.1:8701/x", "http://127.0.0.1:87000/x", "https://127.0.0.1:8700/x",
    "http://127.0.0.2:8700/x", "http://127.1:8700/x", "http://2130706433:8700/x", "http://localhost:8700/x",
    "http://[::1]:8700/x", "http://[::ffff:127.0.0.1]:8700/x", "http://127.0.0.1.:8700/x",
    "http://127.0.0.1:8700@evil.com/x", "http://x@127.0.0.1:8700/x", "http://127.0.0.1:8700.evil.com/x",
    "http://127.0.0.1:8700\\@evil.com/x", "ws://127.0.0.1:8700/x",
)  # fmt: skip
