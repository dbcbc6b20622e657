"""What runs inside a worker process. `framing` is shared with the server's side."""
