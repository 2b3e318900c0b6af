"""stub"""
def check(test, hint, praise="Right."):
    try:
        ok = bool(test())
    except Exception:
        ok = False
    print(praise if ok else hint)
def quiz(*q): pass
