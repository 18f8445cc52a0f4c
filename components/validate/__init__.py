"""Statistics, schema and anomalies: may this data train a model?"""
