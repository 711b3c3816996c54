"""What the process runs on: server, memory, CPU slots, queue, picture store, log format."""
