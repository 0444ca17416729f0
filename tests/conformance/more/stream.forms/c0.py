from sending import send
send ('/in', [b'abcdef', b'gh'])
