"""What is played: losses, where and how strongly, distances."""
