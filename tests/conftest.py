from hypothesis import settings

# A shared machine can be slow at any moment: no deadline, and the same examples every time.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")
