from sending import send
send ('/in-path/3', [b'abcdef'])
