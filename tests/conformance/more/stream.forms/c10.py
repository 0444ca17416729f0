from sending import send
send ('/in-notused', [b'a'])
