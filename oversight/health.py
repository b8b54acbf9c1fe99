def check(now):
    return {"status": "ok"}
