//! The names of systeminfo's fields in languages whose letters are not Latin, as Windows' own
//! console prints them: Japanese, Chinese (simplified, traditional), Korean, Russian.
//!
//! They are compared as they stand: with `?` for other letters nothing would be left of them.

use super::keys::Field;
use super::names::NameKind;

/// Names by field.
#[rustfmt::skip]
const FIELDS: &[(Field, &[&str])] = &[
    (Field::Host, &["ホスト名", "主机名", "主機名稱", "호스트 이름", "имя узла"]),
    (Field::OsName, &["os 名", "os 名称", "作業系統名稱", "os 名稱", "os 이름", "название ос"]),
    (Field::OsVersion, &["os バージョン", "os 版本", "作業系統版本", "os 버전", "версия ос"]),
    (Field::Installed, &["最初のインストール日付", "初始安装日期", "原始安裝日期", "원래 설치 날짜", "дата установки"]),
    (Field::Boot, &["システム起動時間", "システムの起動時間", "系统启动时间", "系統開機時間", "시스템 부트 시간", "время загрузки системы"]),
    (Field::SystemType, &["システムの種類", "系统类型", "系統類型", "시스템 종류", "тип системы"]),
    (Field::TimeZone, &["タイム ゾーン", "时区", "時區", "표준 시간대", "часовой пояс"]),
    (Field::Memory, &["物理メモリの合計", "物理内存总量", "實體記憶體總計", "총 실제 메모리", "полный объем физической памяти"]),
    (Field::Hotfixes, &["ホットフィックス", "修补程序", "핫픽스", "исправление(я)"]),
];

/// Names of fields that name somebody or something.
#[rustfmt::skip]
const NAMED: &[(NameKind, &[&str])] = &[
    (NameKind::User, &["登録されている所有者", "注册的所有人", "註冊的擁有者", "등록된 소유자", "зарегистрированный владелец"]),
    (NameKind::Organisation, &["登録されている組織", "注册的组织", "註冊的組織", "등록된 조직", "зарегистрированная организация"]),
    (NameKind::Domain, &["ドメイン", "域", "網域", "도메인", "домен"]),
    (NameKind::Host, &["ログオン サーバー", "登录服务器", "登入伺服器", "로그온 서버", "сервер входа в сеть"]),
];

/// The field with this name, as written.
pub(super) fn field(name: &str) -> Option<Field> {
    among(FIELDS, name)
}

/// Whose name stands in the field with this name.
pub(super) fn kind(name: &str) -> Option<NameKind> {
    among(NAMED, name)
}

/// How many lines of the text begin with a name of a field.
pub(super) fn known(text: &str) -> usize {
    let begins = |line: &&str| {
        let name = line.split_once(':').map(|(name, _)| name);
        name.is_some_and(|name| field(name).is_some() || kind(name).is_some())
    };
    text.lines().filter(begins).count()
}

fn among<T: Copy>(table: &[(T, &[&str])], name: &str) -> Option<T> {
    if name.is_ascii() {
        return None;
    }
    let name = name.trim().trim_end_matches(':').trim_end().to_lowercase();
    table
        .iter()
        .find(|(_, names)| names.contains(&name.as_str()))
        .map(|(value, _)| *value)
}

#[cfg(test)]
mod tests {
    use super::super::{Architecture, FoundBy, parse};
    use super::*;
    use encoding_rs::{BIG5, EUC_KR, Encoding, GBK, IBM866, SHIFT_JIS, UTF_8, WINDOWS_1251};

    /// One machine in five languages: labels, and what stands at each.
    const OUTPUTS: [(&str, &[&Encoding]); 5] = [
        (
            "\r\nホスト名:               WEB07\r\nOS 名:                  Microsoft Windows Server 2016 Standard\r\n\
             OS バージョン:          10.0.14393 N/A ビルド 14393\r\n登録されている所有者:   佐藤\r\nシステムの起動時間:     2021/04/17, 2:03:04\r\n\
             システムの種類:         x64-based PC\r\nタイム ゾーン:          (UTC+09:00) 大阪、札幌、東京\r\n\
             物理メモリの合計:       16,384 MB\r\n利用できる物理メモリ:   4,000 MB\r\n",
            &[UTF_8, SHIFT_JIS],
        ),
        (
            "\r\n主机名:           WEB07\r\nOS 名称:          Microsoft Windows Server 2016 Standard\r\n\
             OS 版本:          10.0.14393 暂缺 Build 14393\r\n注册的所有人:     佐藤\r\n系统启动时间:     2021/4/17, 2:03:04\r\n\
             系统类型:         x64-based PC\r\n时区:             (UTC+08:00) 北京，重庆，香港特别行政区，乌鲁木齐\r\n\
             物理内存总量:     16,384 MB\r\n可用的物理内存:   4,000 MB\r\n",
            &[UTF_8, GBK],
        ),
        (
            "\r\n主機名稱:             WEB07\r\n作業系統名稱:         Microsoft Windows Server 2016 Standard\r\n\
             作業系統版本:         10.0.14393 N/A 組建 14393\r\n註冊的擁有者:         佐藤\r\n系統開機時間:         2021/4/17, 上午 02:03:04\r\n\
             系統類型:             x64-based PC\r\n時區:                 (UTC+08:00) 台北\r\n實體記憶體總計:       16,384 MB\r\n",
            &[UTF_8, BIG5],
        ),
        (
            "\r\n호스트 이름:              WEB07\r\nOS 이름:                  Microsoft Windows Server 2016 Standard\r\n\
             OS 버전:                  10.0.14393 N/A 빌드 14393\r\n등록된 소유자:            佐藤\r\n시스템 부트 시간:         2021-04-17, 오전 2:03:04\r\n\
             시스템 종류:              x64-based PC\r\n표준 시간대:              (UTC+09:00) 서울\r\n총 실제 메모리:           16,384MB\r\n",
            &[UTF_8, EUC_KR],
        ),
        (
            "\r\nИмя узла:                         WEB07\r\nНазвание ОС:                      Microsoft Windows Server 2016 Standard\r\n\
             Версия ОС:                        10.0.14393 Н/Д построение 14393\r\nЗарегистрированный владелец:      Сатин\r\n\
             Время загрузки системы:           17.04.2021, 2:03:04\r\nТип системы:                      x64-based PC\r\n\
             Часовой пояс:                     (UTC+03:00) Москва, Санкт-Петербург\r\nПолный объем физической памяти:   16\u{a0}384 МБ\r\n",
            &[UTF_8, IBM866, WINDOWS_1251],
        ),
    ];

    #[test]
    fn systeminfo_in_letters_that_are_not_latin() {
        for (text, pages) in OUTPUTS {
            for page in pages {
                let (bytes, _, lacking) = page.encode(text);
                assert!(!lacking, "{}", page.name());
                let info = parse(&bytes);
                let at = format!("{} {text}", page.name());
                assert_eq!(info.host.map(|h| h.value).as_deref(), Some("WEB07"), "{at}");
                assert_eq!(
                    info.architecture.map(|a| a.value),
                    Some(Architecture::X64),
                    "{at}"
                );
                let ram = info.ram_bytes.map(|ram| (ram.value, ram.by));
                assert_eq!(ram, Some((16_384 << 20, FoundBy::Name)), "{at}");
                assert!(info.boot.is_some() && info.os_version.is_some(), "{at}");
                assert_eq!(info.notes, [], "{at}");
                let zone = info.time_zone.map(|zone| zone.value).unwrap_or_default();
                let claim = crate::timeline::zone::display_name(&zone);
                let named = matches!(claim, Some(crate::timeline::zone::ZoneFact::Zone(_)));
                assert!(named, "{at}: {zone}");
                let users = super::super::names(&bytes);
                let user = users.iter().find(|(kind, _)| *kind == NameKind::User);
                assert!(user.is_some(), "{at}: {users:?}");
            }
        }
    }

    #[test]
    fn latin_text_is_left_as_it_is() {
        assert_eq!(known("Host Name: a\nTime Zone: b\n"), 0);
        let german = b"Hostname: A\r\nUrspr\x81ngliches Installationsdatum: 1.1.2020\r\n";
        let text = super::super::text::decode_by_words(german, known);
        assert!(text.contains("Urspr\u{81}ngliches"));
    }
}
