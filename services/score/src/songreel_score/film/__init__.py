"""The finished film: music beside the pictures, and a picture of how they meet."""
