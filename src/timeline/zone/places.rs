//! Places of Windows' display names in languages beside English, German, French and Spanish.
//!
//! `(UTC+09:00) 大阪、札幌、東京` is `Tokyo Standard Time`. Only places are kept that tell zones
//! of one offset apart and whose name in the language is beyond doubt; a display name without one
//! leaves its standard offset.

/// A zone's id and lower-case places.
#[rustfmt::skip]
pub(super) const PLACES: &[(&str, &[&str])] = &[
    ("Tokyo Standard Time", &["大阪", "札幌", "東京", "токио"]),
    ("Korea Standard Time", &["서울", "首尔", "首爾", "ソウル", "сеул"]),
    ("China Standard Time", &["北京", "重庆", "重慶", "乌鲁木齐", "香港", "베이징", "пекин", "pequim", "pechino"]),
    ("Taipei Standard Time", &["台北", "臺北", "타이베이"]),
    ("Singapore Standard Time", &["新加坡", "シンガポール", "싱가포르", "сингапур"]),
    ("SE Asia Standard Time", &["曼谷", "河内", "バンコク", "방콕", "hà nội", "băng cốc"]),
    ("Russian Standard Time", &["москва", "санкт-петербург", "莫斯科", "モスクワ", "모스크바", "moskwa", "mosca", "moskva"]),
    ("Kaliningrad Standard Time", &["калининград"]),
    ("Russia Time Zone 3", &["самара", "ижевск"]),
    ("Ekaterinburg Standard Time", &["екатеринбург"]),
    ("Omsk Standard Time", &["омск"]),
    ("North Asia Standard Time", &["красноярск"]),
    ("N. Central Asia Standard Time", &["новосибирск"]),
    ("North Asia East Standard Time", &["иркутск"]),
    ("Yakutsk Standard Time", &["якутск"]),
    ("Vladivostok Standard Time", &["владивосток"]),
    ("Belarus Standard Time", &["минск"]),
    ("FLE Standard Time", &["вильнюс", "київ", "киев", "рига", "хельсинки", "helsinky", "kijów"]),
    ("W. Europe Standard Time", &["амстердам", "берлин", "阿姆斯特丹", "柏林", "アムステルダム", "ベルリン", "암스테르담", "베를린", "amsterdã", "berlino", "berlijn", "berlín", "berlim"]),
    ("Romance Standard Time", &["брюссель", "мадрид", "париж", "布鲁塞尔", "巴黎", "マドリード", "パリ", "마드리드", "파리", "parigi", "parijs", "paříž", "paryż"]),
    ("Central European Standard Time", &["варшава", "загреб", "华沙", "ワルシャワ", "바르샤바", "warszawa", "zagrzeb", "varsóvia", "varsavia", "varšava", "záhřeb"]),
    ("Central Europe Standard Time", &["белград", "будапешт", "布达佩斯", "ブダペスト", "부다페스트", "budapeszt", "budapešť", "praha", "praga"]),
    ("GMT Standard Time", &["лондон", "伦敦", "倫敦", "ロンドン", "런던", "londra", "londyn", "londen", "londýn"]),
    ("GTB Standard Time", &["афины", "бухарест", "αθήνα", "bucureşti", "bucurești", "atina", "ateny"]),
    ("Turkey Standard Time", &["i̇stanbul"]),
    ("E. South America Standard Time", &["бразилиа", "巴西利亚", "ブラジリア", "브라질리아"]),
    ("India Standard Time", &["孟买", "新德里", "ムンバイ", "뭄바이", "мумбаи"]),
    ("AUS Eastern Standard Time", &["悉尼", "雪梨", "シドニー", "시드니", "сидней"]),
];
