/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elf.c - is a file a whole shared object?
 *
 * The loader maps a file that was cut short without a word and dies when it
 * touches what is missing; here it gets a sentence instead.
 */
#include "registry/registry_priv.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if __ELF_NATIVE_CLASS == 64
#define OUR_CLASS ELFCLASS64
#else
#define OUR_CLASS ELFCLASS32
#endif

#if defined(__x86_64__)
#define OUR_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OUR_MACHINE EM_AARCH64
#else
#define OUR_MACHINE EM_NONE /* left to the loader */
#endif

static int check_head(const ElfW(Ehdr) * head, struct cb_buf *why)
{
	if (memcmp(head->e_ident, ELFMAG, SELFMAG) != 0) {
		cb_buf_text(why, "is not a shared object: no ELF header");
		return CB_EINVAL;
	}
	if (head->e_ident[EI_CLASS] != OUR_CLASS ||
	    (OUR_MACHINE != EM_NONE && head->e_machine != OUR_MACHINE)) {
		cb_buf_printf(why,
		              "is built for another machine (ELF machine %u, "
		              "this host is %u)",
		              head->e_machine, OUR_MACHINE);
		return CB_EINVAL;
	}
	if (head->e_type != ET_DYN || head->e_phentsize != sizeof(ElfW(Phdr))) {
		cb_buf_text(why, "is an ELF file, but not a shared object");
		return CB_EINVAL;
	}
	return CB_OK;
}

/* The end of the last byte that the headers speak of. */
static int find_end(int fd, const ElfW(Ehdr) * head, uint64_t *end)
{
	*end = head->e_shoff + (uint64_t)head->e_shnum * head->e_shentsize;
	for (unsigned i = 0; i < head->e_phnum; i++) {
		off_t at = (off_t)(head->e_phoff + i * sizeof(ElfW(Phdr)));
		ElfW(Phdr) row;

		if (pread(fd, &row, sizeof(row), at) != sizeof(row))
			return -1;
		if (row.p_type == PT_LOAD && row.p_offset + row.p_filesz > *end)
			*end = row.p_offset + row.p_filesz;
	}
	return 0;
}

static int check_open(int fd, struct cb_buf *why)
{
	ElfW(Ehdr) head;
	struct stat st;
	uint64_t end;
	int rc;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		cb_buf_text(why, "is not a file");
		return CB_EINVAL;
	}
	if (st.st_mode & S_IWOTH) {
		cb_buf_text(why, "may be written by everybody (chmod o-w)");
		return CB_EINVAL;
	}
	memset(&head, 0, sizeof(head));
	if (pread(fd, &head, sizeof(head), 0) != sizeof(head) &&
	    memcmp(head.e_ident, ELFMAG, SELFMAG) == 0) {
		cb_buf_printf(why, "is cut short: %lld bytes",
		              (long long)st.st_size);
		return CB_EINVAL;
	}
	rc = check_head(&head, why);
	if (rc < 0)
		return rc;
	if (find_end(fd, &head, &end) < 0 || end > (uint64_t)st.st_size) {
		cb_buf_printf(why,
		              "is cut short: its headers speak of more "
		              "than its %lld bytes",
		              (long long)st.st_size);
		return CB_EINVAL;
	}
	return CB_OK;
}

int cbi_elf_check(const char *path, struct cb_buf *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int rc;

	if (fd < 0) {
		cb_buf_printf(why, "cannot be read: %s", strerror(errno));
		return CB_EINVAL;
	}
	rc = check_open(fd, why);
	close(fd);
	return rc;
}
