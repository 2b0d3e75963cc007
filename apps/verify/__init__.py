"""Are two faces one person's?"""
