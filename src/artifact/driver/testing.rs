//! A small builder of driver images for tests, written without the parser's layouts.
//!
//! One code section at 0x1000, one data section at 0x3000, imports at 0x5000, and for x64
//! a function table at 0x7000. The import slots start at 0x5000, in the order given.

/// RVA of the code.
pub const CODE: u32 = 0x1000;
/// RVA of the writable data.
pub const DATA: u32 = 0x3000;
/// RVA of the first import slot.
pub const SLOTS: u32 = 0x5000;
const TABLE: u32 = 0x7000;

/// What to build.
pub struct Driver {
    /// `Machine` of the file header.
    pub machine: u16,
    /// Bytes at [`CODE`].
    pub code: Vec<u8>,
    /// Bytes at [`DATA`].
    pub data: Vec<u8>,
    /// Imported routines, all from one library.
    pub imports: Vec<&'static str>,
    /// The library.
    pub library: &'static str,
    /// Functions as begin and end, for the function table.
    pub functions: Vec<(u32, u32)>,
    /// Subsystem number.
    pub subsystem: u16,
}

impl Driver {
    /// An x64 driver.
    pub fn x64(code: &[u8], imports: &[&'static str]) -> Self {
        Driver::new(0x8664, code, imports)
    }

    /// An x86 driver.
    pub fn x86(code: &[u8], imports: &[&'static str]) -> Self {
        Driver::new(0x14c, code, imports)
    }

    /// An ARM64 driver out of instruction words.
    pub fn arm64(words: &[u32], imports: &[&'static str]) -> Self {
        let code: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
        Driver::new(0xaa64, &code, imports)
    }

    fn new(machine: u16, code: &[u8], imports: &[&'static str]) -> Self {
        Driver {
            machine,
            code: code.to_vec(),
            data: Vec::new(),
            imports: imports.to_vec(),
            library: "ntoskrnl.exe",
            functions: Vec::new(),
            subsystem: 1,
        }
    }

    fn wide(&self) -> bool {
        self.machine != 0x14c
    }

    /// The preferred address: above 4 GiB where pointers are wide.
    pub fn base(&self) -> u64 {
        if self.wide() { 0x1_4000_0000 } else { 0x1_0000 }
    }

    /// The file.
    pub fn build(&self) -> Vec<u8> {
        let sections: [(&[u8; 8], u32, Vec<u8>, u32); 4] = [
            (b".text\0\0\0", CODE, self.code.clone(), 0x6000_0020),
            (b".data\0\0\0", DATA, self.data.clone(), 0xc000_0040),
            (b".idata\0\0", SLOTS, self.import_section(), 0x4000_0040),
            (b".pdata\0\0", TABLE, self.function_section(), 0x4000_0040),
        ];
        let mut file = vec![0u8; 0x400];
        let mut bodies = Vec::new();
        self.headers(&mut file);
        let table = 0x58 + if self.wide() { 240 } else { 224 };
        for (n, (name, rva, body, flags)) in sections.iter().enumerate() {
            let at = table + 40 * n;
            let raw = 0x400 + bodies.len() as u32;
            let mut padded = body.clone();
            padded.resize(body.len().next_multiple_of(0x200), 0);
            file[at..at + 8].copy_from_slice(*name);
            put(&mut file, at + 8, 0x1800);
            put(&mut file, at + 12, *rva);
            put(&mut file, at + 16, padded.len() as u32);
            put(&mut file, at + 20, raw);
            put(&mut file, at + 36, *flags);
            bodies.extend(padded);
        }
        file.extend(bodies);
        file
    }

    fn headers(&self, file: &mut [u8]) {
        file[..2].copy_from_slice(b"MZ");
        put(file, 0x3c, 0x40);
        file[0x40..0x44].copy_from_slice(b"PE\0\0");
        file[0x44..0x46].copy_from_slice(&self.machine.to_le_bytes());
        file[0x46] = 4;
        let optional = 0x58;
        let (magic, size) = if self.wide() {
            (0x20b_u16, 240_u16)
        } else {
            (0x10b, 224)
        };
        file[0x54..0x56].copy_from_slice(&size.to_le_bytes());
        file[optional..optional + 2].copy_from_slice(&magic.to_le_bytes());
        put(file, optional + 16, CODE);
        if self.wide() {
            file[optional + 24..optional + 32].copy_from_slice(&self.base().to_le_bytes());
        } else {
            put(file, optional + 28, self.base() as u32);
        }
        put(file, optional + 32, 0x1000);
        put(file, optional + 36, 0x200);
        put(file, optional + 56, 0x9000);
        put(file, optional + 60, 0x400);
        file[optional + 68..optional + 70].copy_from_slice(&self.subsystem.to_le_bytes());
        let directories = optional + if self.wide() { 112 } else { 96 };
        put(file, directories - 4, 16);
        put(file, directories + 8, SLOTS + 0x800);
        put(file, directories + 12, 40);
        if !self.functions.is_empty() {
            put(file, directories + 24, TABLE);
            put(file, directories + 28, self.functions.len() as u32 * 12);
        }
    }

    /// Slots, one descriptor at 0x800, name table at 0x900, names from 0xa00.
    fn import_section(&self) -> Vec<u8> {
        let width = if self.wide() { 8 } else { 4 };
        let mut section = vec![0u8; 0xa00];
        let mut names = Vec::new();
        for (n, name) in self.imports.iter().enumerate() {
            let rva = SLOTS + 0xa00 + names.len() as u32;
            put(&mut section, n * width, rva);
            put(&mut section, 0x900 + n * width, rva);
            names.extend([0, 0]);
            names.extend(name.bytes());
            names.push(0);
        }
        let library = SLOTS + 0xa00 + names.len() as u32;
        names.extend(self.library.bytes());
        names.push(0);
        put(&mut section, 0x800, SLOTS + 0x900);
        put(&mut section, 0x80c, library);
        put(&mut section, 0x810, SLOTS);
        section.extend(names);
        section
    }

    /// Rows, then one unwind record without codes at 0x800 that all of them use.
    fn function_section(&self) -> Vec<u8> {
        let mut section = vec![0u8; 0x900];
        section[0x800] = 1;
        for (n, (begin, end)) in self.functions.iter().enumerate() {
            put(&mut section, n * 12, *begin);
            put(&mut section, n * 12 + 4, *end);
            put(&mut section, n * 12 + 8, TABLE + 0x800);
        }
        section
    }
}

fn put(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

/// x64 code put together piece by piece, with the distances to slots worked out.
pub struct X64(pub Vec<u8>);

impl X64 {
    /// Raw bytes.
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    /// An opcode followed by the distance to `rva`.
    pub fn to(mut self, opcode: &[u8], rva: u32) -> Self {
        self.0.extend(opcode);
        let end = CODE + self.0.len() as u32 + 4;
        self.0.extend(rva.wrapping_sub(end).to_le_bytes());
        self
    }

    /// `mov r8d, tag`.
    pub fn tag(self, tag: &[u8; 4]) -> Self {
        self.raw(&[0x41, 0xb8]).raw(tag)
    }

    /// `int 3` up to an offset.
    pub fn pad(mut self, to: usize) -> Self {
        self.0.resize(to, 0xcc);
        self
    }
}
