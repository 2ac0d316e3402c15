"""What the peer job reads, writes and keeps; commands and entries are as every engine that runs the job has them."""
