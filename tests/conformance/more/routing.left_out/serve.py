import skitai, pk
if __name__ == "__main__":
    skitai.mount ("/", pk)
    skitai.run (port = 5000)
