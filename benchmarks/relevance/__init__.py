"""How often the right file comes first: public repositories, questions with known answers, NDCG@10."""
