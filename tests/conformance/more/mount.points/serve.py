import skitai, pk
if __name__ == "__main__":
    skitai.mount ("/base/", pk)
    skitai.run (port = 5000)
