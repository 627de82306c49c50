"""What every module stands on: money, ids, time, errors, row security, paging, limits and the edge's manners.

Kit owns no table of a domain (its one table counts for the rate limits) and publishes no facts. Start reading at
`rows` (who may see which row) and `errors` (how we say no).
"""
