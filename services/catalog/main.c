/* main.c - the catalog service process. */
#include "catalog.h"

int main(int argc, char **argv)
{
    return service_main(argc, argv, catalog_service());
}
