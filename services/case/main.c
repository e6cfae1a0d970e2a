/* main.c - the case process; everything is in libcommon/rpc/server.h and service.c. */
#include "service.h"

int main(int argc, char **argv)
{
    return service_main(argc, argv, case_service());
}
