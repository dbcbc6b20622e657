"""The whole engine in one thread on a seeded loop: virtual time, a disk that forgets, a world that counts."""
