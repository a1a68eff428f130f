"""What outlasts a call, on the durable engine: runs of actions, workflows, batches and schedules.

Only modules in here know the engine, which is DBOS, and they bring it in when it is first needed.
"""
