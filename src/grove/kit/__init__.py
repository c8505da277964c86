"""What every capability stands on: transactions, events, errors, ids, files. No product words."""
