import sys
import time
import websocket
def ws (path):
    return websocket.create_connection ("ws://%s%s" % (sys.argv [1], path), timeout = 3, origin = "http://good.com")
a, b = ws ("/named?name=ann"), ws ("/named?name=bob")
time.sleep (.3)
a.send ("who"); print (a.recv (), a.recv ())
a.send ("to bob hi é"); print (a.recv ()); print (b.recv ())
b.send ("to zoe x"); print (b.recv ())
b.close (); time.sleep (.5)
a.send ("who"); print (a.recv ())
a.close ()
