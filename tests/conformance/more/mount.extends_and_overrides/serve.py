import skitai
import base, ext, over
if __name__ == "__main__":
    with skitai.preference () as pref:
        pref.set_static ("/assets", "base/static")
        pref.extends (ext)
        pref.overrides (over)
        skitai.mount ("/", base, pref)
    skitai.run (port = 5000)
