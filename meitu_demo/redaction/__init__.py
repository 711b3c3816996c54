"""Redaction: keeps secrets (API keys, passwords) out of every text that leaves the process.

secrets      register_secret(SecretStr)   from now on this secret is known, for as long as the object lives
             redact(text)                 "…" for every known secret in `text`, however it is encoded
             format_stack_trace(error)    a redacted stack trace, for log lines
text         sanitize(text)               one short line, safe to show, of text that a stranger wrote
             find_escaped(word, text)     where `word` occurs, however its characters are escaped
             strip_link_paths(text)       links reduced to their hosts
             replace_unprintable(text)    control, direction and other invisible characters made visible
log_filter   install_redaction()          redacts log records, stdout and stderr of this process
"""
