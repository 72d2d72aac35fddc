//! What a shell says where a command is not there, in the languages of Windows.
//!
//! The words are those of cmd (message 9009 of `cmd.exe`) and PowerShell (`CommandNotFound`), cut to
//! the letters of ASCII between two others, so that they hold in every code page. Languages whose
//! letters are not Latin leave nothing to compare; there the form decides: cmd begins with the
//! command in quotation marks, and no word of Latin letters follows.

/// Parts of the messages, in lower case: English, German (two), French, Spanish, Italian,
/// Portuguese, Dutch, Polish, Swedish, Norwegian, Turkish.
const MESSAGES: [&str; 12] = [
    "is not recognized as",
    "ist entweder falsch geschrieben",
    "nicht als name eines cmdlet",
    "est pas reconnu",
    "no se reconoce como",
    "riconosciuto come",
    "reconhecido como",
    "niet herkend als",
    "nie jest rozpoznawana jako",
    "nns inte igen som",
    "gjenkjennes ikke som",
    "olarak tan",
];

/// PowerShell's, which begin otherwise: Russian, Japanese, Chinese (simplified, traditional), Korean.
const MESSAGES_IN_OTHER_LETTERS: [&str; 5] = [
    "не распознано как имя командлета",
    "の名前として認識されません",
    "项识别为 cmdlet",
    "詞彙是否為 cmdlet",
    "이름으로 인식되지 않습니다",
];

/// What the shells put around the command.
const QUOTES: [char; 7] = [
    '\'', '"', '\u{201c}', '\u{201d}', '\u{ab}', '\u{bb}', '\u{201e}',
];

/// Letters outside ASCII that a message has at least: five syllables.
const MIN_FOREIGN: usize = 5;

/// Letters of ASCII that make a word; fewer are second halves of double-byte letters.
const WORD: usize = 4;

/// True if the line says that there is no command `poolmon`. Bytes that are no UTF-8 may stand in
/// it as replacement characters.
pub(crate) fn misses_poolmon(line: &str) -> bool {
    let lower = line.to_lowercase();
    if !lower.contains("poolmon") {
        return false;
    }
    let says = |words: &&str| lower.contains(*words);
    MESSAGES.iter().any(&says)
        || MESSAGES_IN_OTHER_LETTERS.iter().any(says)
        || begins_with_the_command(lower.trim())
}

/// `'poolmon' ...` without a word of Latin letters behind.
fn begins_with_the_command(line: &str) -> bool {
    let Some(quoted) = line.strip_prefix(QUOTES) else {
        return false;
    };
    let Some((command, said)) = quoted.split_once(QUOTES) else {
        return false;
    };
    let foreign = said.chars().filter(|c| !c.is_ascii()).count();
    let mut words = said.split(|c: char| !c.is_ascii_alphabetic());
    command.contains("poolmon") && foreign >= MIN_FOREIGN && words.all(|word| word.len() < WORD)
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{BIG5, EUC_KR, Encoding, GBK, IBM866, SHIFT_JIS, UTF_8, WINDOWS_1252};

    #[test]
    fn shells_of_many_languages() {
        let messages: [(&str, &'static Encoding); 20] = [
            (
                "'poolmon' is not recognized as an internal or external command,",
                UTF_8,
            ),
            (
                "The term 'poolmon' is not recognized as the name of a cmdlet,",
                UTF_8,
            ),
            (
                "Der Befehl \"poolmon\" ist entweder falsch geschrieben oder",
                UTF_8,
            ),
            (
                "'poolmon' n'est pas reconnu en tant que commande interne",
                UTF_8,
            ),
            (
                "\"poolmon\" no se reconoce como un comando interno o externo,",
                UTF_8,
            ),
            (
                "\"poolmon\" non è riconosciuto come comando interno o esterno,",
                WINDOWS_1252,
            ),
            (
                "'poolmon' não é reconhecido como um comando interno",
                WINDOWS_1252,
            ),
            (
                "'poolmon' wordt niet herkend als een interne of externe opdracht,",
                UTF_8,
            ),
            (
                "Nazwa 'poolmon' nie jest rozpoznawana jako polecenie",
                UTF_8,
            ),
            ("'poolmon' känns inte igen som ett internt kommando,", UTF_8),
            (
                "'poolmon' iç ya da dış komut, ... olarak tanınmıyor.",
                UTF_8,
            ),
            ("\"poolmon\" не является внутренней или внешней", UTF_8),
            ("\"poolmon\" не является внутренней или внешней", IBM866),
            ("'poolmon' は、内部コマンドまたは外部コマンド、", UTF_8),
            ("'poolmon' は、内部コマンドまたは外部コマンド、", SHIFT_JIS),
            ("'poolmon' 不是内部或外部命令，也不是可运行的程序", GBK),
            (
                "'poolmon.exe' 不是內部或外部命令、可執行的程式或批次檔。",
                BIG5,
            ),
            (
                "'poolmon'은(는) 내부 또는 외부 명령, 실행할 수 있는 프로그램, 또는",
                EUC_KR,
            ),
            (
                "无法将“poolmon”项识别为 cmdlet、函数、脚本文件或可运行程序的名称。",
                UTF_8,
            ),
            (
                "用語 'poolmon' は、操作可能なプログラムの名前として認識されません。",
                UTF_8,
            ),
        ];
        for (line, page) in messages {
            let bytes = page.encode(line).0;
            let text = String::from_utf8_lossy(&bytes);
            assert!(misses_poolmon(&text), "{} {line}", page.name());
        }
    }

    #[test]
    fn lines_that_are_no_such_message() {
        for line in [
            "C:\\>poolmon -n a.log",
            "'poolmon' wrote 3 snapshots",
            "\"poolmon\"",
            "'poolmon.exe' für den Kunden März größer ältere Übersicht",
            "is not recognized as an internal or external command",
        ] {
            assert!(!misses_poolmon(line), "{line}");
        }
    }
}
