"""`python -m steer ...` is the program steer."""

from steer_program import main

if __name__ == "__main__":
    main()
