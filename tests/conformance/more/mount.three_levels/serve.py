import skitai
import shop
if __name__ == "__main__":
    with skitai.preference () as pref:
        pref.config.TITLE = "T"
        pref.custom = {"a": 1}
        skitai.mount ("/base", shop, pref)
    skitai.run (port = 5000)
