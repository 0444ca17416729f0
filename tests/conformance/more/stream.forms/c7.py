from sending import send
send ('/in-task', [b'ab', b'cd'])
