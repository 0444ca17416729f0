from sending import send
send ('/in-default', [b'x' * 5000, b'y' * 9000])
