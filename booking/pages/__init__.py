"""The pages on which a patient books and follows their visits."""
