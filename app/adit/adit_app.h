/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The sub-commands of the program. Each takes its own argument vector (argv[0] is its name) and
 * returns the exit status: 0 done, 1 not done, 2 usage or configuration error.
 */
#ifndef ADIT_APP_H
#define ADIT_APP_H

enum adit_exit { ADIT_EXIT_DONE = 0, ADIT_EXIT_NOT_DONE = 1, ADIT_EXIT_USAGE = 2 };

int adit_cmd_replay(int argc, char **argv);
int adit_cmd_run(int argc, char **argv);
int adit_cmd_bench(int argc, char **argv);
int adit_cmd_logscan(int argc, char **argv);
int adit_cmd_config(int argc, char **argv);
int adit_cmd_ctl(int argc, char **argv);
int adit_cmd_doctor(int argc, char **argv);
int adit_cmd_top(int argc, char **argv);
int adit_cmd_train(int argc, char **argv);
int adit_cmd_predict(int argc, char **argv);
int adit_cmd_evaluate(int argc, char **argv);
int adit_cmd_dataset(int argc, char **argv);
int adit_cmd_plot(int argc, char **argv);
int adit_cmd_state(int argc, char **argv);

#endif
