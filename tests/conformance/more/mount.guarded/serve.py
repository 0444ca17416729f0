import skitai, pk
if __name__ == "__main__":
    with skitai.preference () as pref:
        pref.access_control_allow_origin = ["http://a.com", "http://b.com"]
        pref.access_control_max_age = 60
        pref.realm = "My Realm"
        pref.users = {"u": "pw"}
        pref.securekey = "k"
        skitai.mount ("/api", pk, pref)
    skitai.run (port = 5000)
