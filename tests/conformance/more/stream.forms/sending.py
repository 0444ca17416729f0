import http.client
import sys
import time
host, port = sys.argv [1].split (":")
def send (path, chunks, pause = 0.03, method = "POST", headers = {}):
    def generate ():
        for chunk in chunks:
            yield chunk
            time.sleep (pause)
    c = http.client.HTTPConnection (host, int (port), timeout = 5)
    try:
        c.request (method, path, generate (), {"Content-Type": "application/octet-stream", **headers}, encode_chunked = True)
        r = c.getresponse ()
        print (path, r.status, r.getheader ("content-type"), r.read ())
    except (OSError, http.client.HTTPException) as error:
        print (path, type (error).__name__)
    finally:
        c.close ()
