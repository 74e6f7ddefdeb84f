"""How the environment is read, and what kind of instance it says this is."""

import environ

env = environ.Env()
STILLWATER_ENV = env.str("STILLWATER_ENV", default="development")
PRODUCTION = STILLWATER_ENV == "production"
