from sending import send
send ('/in?tail=z', [b'abc'])
