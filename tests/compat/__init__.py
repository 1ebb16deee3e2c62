"""Independent clients against the embedded exchange: it speaks the venue's protocol, not ours."""
