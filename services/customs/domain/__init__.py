"""What customs messages say, and how several of them make one fact. Pure."""
