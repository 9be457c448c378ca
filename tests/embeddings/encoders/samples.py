"""Texts for the encoder's tests: our own words, in many scripts, and what people paste by accident."""

SENTENCES = {
    "en": "Down-hole positioning keeps the drill within five centimetres, so that fewer people work at the face.",
    "zh": "本机器人可在煤矿井下自动钻孔，定位误差小于五厘米，工作面人员减少一半以上。",
    "zh-tw": "高原青稞酒的工業化生產，由兩國十二家企業共同參與。",
    "ja": "集束超音波による手術は、臓器を切除せずに腫瘍を治療できます。",
    "ko": "산업용 사물인터넷 시험망을 마흔 개가 넘는 기업이 함께 쓰고 있습니다.",
    "ru": "Ищем партнёра для серийного выпуска взрывозащищённых роботов.",
    "sr": "Тражимо решење за пречишћавање отпадних вода у малим општинама.",
    "el": "Αναζητούμε τεχνολογία για την ανακύκλωση μπαταριών λιθίου.",
    "ar": "نبحث عن شريك لتطوير مواد حيوية تقاوم العدوى في زراعة الأسنان.",
    "fa": "ما می‌خواهیم با یک مؤسسه پژوهشی همکاری کنیم.",
    "he": "אנו מחפשים טכנולוגיה לייבוש פירות בטמפרטורה נמוכה.",
    "hi": "हमें आलू की नई किस्मों के लिए अनुसंधान साझेदार चाहिए।",
    "th": "เราต้องการเทคโนโลยีตรวจสอบย้อนกลับสำหรับชาและกาแฟ",
    "ka": "ვეძებთ პარტნიორს სუფთა ენერგიის პროექტისთვის.",
    "hu": "A hegyi árpa feldolgozásához keresünk gépgyártó partnert.",
    "vi": "Chúng tôi cần công nghệ xử lý nước thải chi phí thấp.",
    "de": "Gesucht wird ein Verfahren, das Größe und Süße von Kiwis zerstörungsfrei misst.",
}
ODDITIES = {
    "empty": "",
    "blank": "   ",
    "emoji": "🚁 eVTOL 👩‍🔬👨‍👩‍👧 🇷🇸",
    "controls": "a\tb\x07c\nd\x00e"[:-2],
    "invisible": "\u200bwater\ufeff treat\u00adment",
    "markup": "<script>alert('x')</script> & <b>bold</b>",
    "compatibility": "½ ① ㌔ ﷺ ﬁ Ａ１",
    "blanks around": "  both ends  ",
    "figures": "5 cm, 50 %, 320,000 patients; -40…+85 °C; 10⁻⁶ m²",
}
