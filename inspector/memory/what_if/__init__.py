"""What would change the memory that a method needs: each answer planned again, none measured."""
