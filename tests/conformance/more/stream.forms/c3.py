from sending import send
send ('/in-early', [b'abcdef'])
