"""Redaction: keeps secrets (API keys, passwords) out of every text that leaves the process.

secrets      register_secret(SecretStr)   registers a secret for as long as the object lives
             redact(text)                 replaces every registered secret, in any encoding, by "…"
             format_stack_trace(error)    returns a redacted stack trace for a log line
text         sanitize(text)               reduces untrusted text to one short line that is safe to show
             find_escaped(word, text)     finds `word`, however its characters are escaped
             strip_link_paths(text)       reduces links to their hosts
             replace_unprintable(text)    replaces control, direction and other invisible characters
log_filter   install_redaction()          redacts log records, stdout and stderr of this process
"""
