import os
import skitai

if __name__ == "__main__":
    skitai.add_option ("", "--database=PATH", "the SQLite file, shop.sqlite3 beside this script")

    import shop

    with skitai.preference () as pref:
        pref.securekey = os.environ.get ("SHOP_KEY", "set a secret of your own here")
        skitai.mount ("/", shop, pref)

    skitai.run (port = 5000, name = "shop")
