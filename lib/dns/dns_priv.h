/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Limits of labels on the wire, for the files of this library.
 */
#ifndef ADIT_DNS_PRIV_H
#define ADIT_DNS_PRIV_H

#define LABEL_SIZE_MAX 63   /* octets of a label, its length octet not counted */
#define POINTER        0xc0 /* a length octet from here on starts a compression pointer */

#endif
