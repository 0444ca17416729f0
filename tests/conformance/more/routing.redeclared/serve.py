import skitai
import pkgapp

if __name__ == "__main__":
    with skitai.preference () as pref:
        skitai.mount ("/", pkgapp, pref)
    skitai.run (port = 5000)
