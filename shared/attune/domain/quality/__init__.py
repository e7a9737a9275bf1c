"""What makes a pair good or bad: the rules, their limits, and what is measured for them."""
